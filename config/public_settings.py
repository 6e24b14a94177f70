"""The office on public pages. Without a contact they name the national hotline."""

import os

CONTACTS = {
    "operator": os.environ.get("LEVY_OPERATOR", ""),  # who answers for the system, such as 某省残疾人联合会
    "help": os.environ.get("LEVY_HELP_CONTACT", ""),
    "report": os.environ.get("LEVY_REPORT_CONTACT", ""),  # false employment
    "accessibility": os.environ.get("LEVY_ACCESSIBILITY_CONTACT", ""),
    "privacy": os.environ.get("LEVY_PRIVACY_CONTACT", ""),  # 个人信息保护法第五十二条
}

OPEN_DATA_LICENCE = os.environ.get("LEVY_DATA_LICENCE") or "CC BY 4.0"
