from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("disclosure", "0003_banded_heads")]
    operations = [
        ValidateConstraint(model_name=model, name=name)
        for model, name in (
            ("publishedentry", "entry_standing_known"),
            ("publishedentry", "entry_share_known"),
            ("publishedentry", "entry_levy_known"),
            ("publishedentry", "entry_settlement_known"),
            ("publishedfigure", "figure_counts_add_up"),
        )
    ]
