"""The office on public pages, and limits for the public and for employers. Without a contact pages name the national
hotline."""

import os

CONTACTS = {
    "operator": os.environ.get("LEVY_OPERATOR", ""),  # who answers for the system, such as 某省残疾人联合会
    "help": os.environ.get("LEVY_HELP_CONTACT", ""),
    "report": os.environ.get("LEVY_REPORT_CONTACT", ""),  # false employment
    "accessibility": os.environ.get("LEVY_ACCESSIBILITY_CONTACT", ""),
    "privacy": os.environ.get("LEVY_PRIVACY_CONTACT", ""),  # 个人信息保护法第五十二条
}

OPEN_DATA_LICENCE = os.environ.get("LEVY_DATA_LICENCE") or "CC BY 4.0"

# Certificate numbers that one employer types in a day: so many unknown ones raise the alarm certificates-tried, and
# after so many of any kind no more are taken until the next day (docs/decisions/0017).
CERTIFICATES_A_DAY = {
    "alarm": int(os.environ.get("LEVY_CERTIFICATES_ALARM") or 10),
    "stop": int(os.environ.get("LEVY_CERTIFICATES_STOP") or 200),
}
