"""When a request that was filed ahead stops a service account."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('tenants', '0004_scheduled_revocations'),
    ]

    operations = [
        migrations.AddField(
            model_name='serviceaccount',
            name='blocked_from',
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
