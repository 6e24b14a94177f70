"""The kinds of file that the administration pages take in or write out as small sheets (exchange.sheets).

Regional numbers are only written out here: changing them takes two people (exchange/engine/loading.py).
"""

from exchange.sheets import resource_of
from quota.kinds import EMPLOYERS, PARAMETERS

EmployerResource = resource_of(EMPLOYERS, action="quota.employer.import")
RegionalNumberResource = resource_of(PARAMETERS)
