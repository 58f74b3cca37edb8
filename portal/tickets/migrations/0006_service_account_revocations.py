"""Revocations of service accounts."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('tickets', '0005_scheduled_revocations'),
    ]

    operations = [
        migrations.AlterField(
            model_name='ticket',
            name='scope',
            field=models.CharField(choices=[('member', "A person's access"), ('service_account', "A service account's access"), ('all_metadata', 'All metadata of the workspace'), ('integration', 'One integration'), ('person', "A person's data"), ('data_class', 'One kind of data'), ('close', 'The whole workspace')], max_length=16),
        ),
    ]
