"""Revocations at an instant to come; when a request was filed is kept beside its clock."""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import F


def filed_when_received(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    """Until now the clock of every request began when it was filed."""
    apps.get_model("tickets", "Ticket").objects.update(filed_at=F("received_at"))


class Migration(migrations.Migration):

    dependencies = [
        ('tenants', '0004_scheduled_revocations'),
        ('tickets', '0004_deletion_scopes'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='ticket',
            name='ticket_revocation_is_contained',
        ),
        migrations.RemoveConstraint(
            model_name='ticket',
            name='ticket_ended_has_an_end',
        ),
        migrations.RemoveConstraint(
            model_name='ticket',
            name='ticket_withdrawn_destroyed_nothing',
        ),
        migrations.RemoveConstraint(
            model_name='ticket',
            name='ticket_status_of_kind',
        ),
        migrations.RemoveConstraint(
            model_name='ticket',
            name='ticket_one_open_per_subject',
        ),
        migrations.RemoveIndex(
            model_name='ticket',
            name='ticket_due',
        ),
        migrations.AddField(
            model_name='ticket',
            name='filed_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.RunPython(filed_when_received, migrations.RunPython.noop),
        migrations.AlterField(
            model_name='ticket',
            name='filed_at',
            field=models.DateTimeField(),
        ),
        migrations.AddField(
            model_name='ticket',
            name='scheduled_for',
            field=models.DateTimeField(null=True),
        ),
        migrations.AlterField(
            model_name='ticket',
            name='status',
            field=models.CharField(choices=[('awaiting_second', 'Waiting for a second person'), ('cooling_off', 'Cooling off'), ('scheduled', 'Scheduled'), ('contained', 'Access blocked'), ('inventory', 'Counting what is there'), ('running', 'In progress'), ('erasing', 'Erasing'), ('retrying', 'Trying again'), ('waiting_input', 'Needs you'), ('blocked', 'Needs the vendor'), ('verifying', 'Checking the result'), ('completed', 'Done, with proof'), ('erased', 'Erased, with certificate'), ('withdrawn', 'Withdrawn'), ('reversed', 'Taken back')], max_length=16),
        ),
        migrations.AddIndex(
            model_name='ticket',
            index=models.Index(models.F('due_at'), condition=models.Q(('status__in', ['awaiting_second', 'blocked', 'contained', 'cooling_off', 'erasing', 'inventory', 'retrying', 'running', 'scheduled', 'verifying', 'waiting_input'])), name='ticket_due'),
        ),
        migrations.AddConstraint(
            model_name='ticket',
            constraint=models.UniqueConstraint(models.F('organization'), models.F('kind'), models.F('scope'), models.F('subject_kind'), models.F('subject_id'), condition=models.Q(('status__in', ['awaiting_second', 'blocked', 'contained', 'cooling_off', 'erasing', 'inventory', 'retrying', 'running', 'scheduled', 'verifying', 'waiting_input'])), name='ticket_one_open_per_subject'),
        ),
        migrations.AddConstraint(
            model_name='ticket',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'revocation'), ('status__in', ['blocked', 'completed', 'contained', 'retrying', 'reversed', 'running', 'scheduled', 'verifying', 'waiting_input', 'withdrawn'])), models.Q(('kind', 'deletion'), ('status__in', ['awaiting_second', 'blocked', 'cooling_off', 'erased', 'erasing', 'inventory', 'retrying', 'verifying', 'waiting_input', 'withdrawn'])), _connector='OR'), name='ticket_status_of_kind'),
        ),
        migrations.AddConstraint(
            model_name='ticket',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'revocation'), _negated=True), models.Q(('contained_at__isnull', True), ('status__in', ['scheduled', 'withdrawn'])), models.Q(models.Q(('status__in', ['scheduled', 'withdrawn']), _negated=True), ('contained_at__isnull', False)), _connector='OR'), name='ticket_revocation_is_contained'),
        ),
        migrations.AddConstraint(
            model_name='ticket',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', 'scheduled'), _negated=True), models.Q(('scheduled_for', models.F('received_at')), ('scheduled_for__isnull', False), ('wake_at', models.F('received_at')), ('wake_at__isnull', False)), _connector='OR'), name='ticket_scheduled_has_an_instant'),
        ),
        migrations.AddConstraint(
            model_name='ticket',
            constraint=models.CheckConstraint(condition=models.Q(('received_at__gte', models.F('filed_at'))), name='ticket_received_when_filed_or_later'),
        ),
        migrations.AddConstraint(
            model_name='ticket',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ended_at__isnull', False), ('status__in', ['completed', 'erased', 'reversed', 'withdrawn']), ('wake_at__isnull', True)), models.Q(models.Q(('status__in', ['completed', 'erased', 'reversed', 'withdrawn']), _negated=True), ('ended_at__isnull', True)), _connector='OR'), name='ticket_ended_has_an_end'),
        ),
        migrations.AddConstraint(
            model_name='ticket',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status__in', ['reversed', 'withdrawn']), _negated=True), ('destroyed_at__isnull', True), _connector='OR'), name='ticket_withdrawn_destroyed_nothing'),
        ),
    ]
