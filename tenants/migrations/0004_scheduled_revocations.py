"""When a request that was filed ahead blocks an access."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('tenants', '0003_who_may_do_what'),
    ]

    operations = [
        migrations.AddField(
            model_name='membership',
            name='blocked_from',
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
