"""Note which keys of the evidence are new; keep the seed of a certificate's code.

The former version's certificates have none, also those that it issues beside the new one: their code follows from the
number. So the column has no default in the database.
"""

import uuid

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("quota", "0004_tried_certificates")]

    operations = [
        migrations.CreateModel(
            name="RenewedKey",
            fields=[
                ("key", models.UUIDField(primary_key=True, serialize=False)),
                ("made_with", models.CharField(max_length=32)),
            ],
            options={"verbose_name": "换用新密钥的查找键", "verbose_name_plural": "换用新密钥的查找键"},
        ),
        migrations.AddField(
            model_name="verifiedheadcount",
            name="code_seed",
            field=models.UUIDField(editable=False, null=True),
        ),
        migrations.AlterField(
            model_name="verifiedheadcount",
            name="code_seed",
            field=models.UUIDField(default=uuid.uuid4, editable=False, null=True),
        ),
    ]
