"""The tables of the audit log; events are partitioned by month on PostgreSQL."""

import audit.identifiers
from audit.partitions import CreatePartitionedModel, install, uninstall
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='TreeHead',
            fields=[
                ('organization_id', models.UUIDField(primary_key=True, serialize=False)),
                ('size', models.PositiveBigIntegerField(default=0)),
                ('frontier', models.TextField(default='[]')),
                ('watermark', models.UUIDField(default=uuid.UUID('00000000-0000-0000-0000-000000000000'))),
            ],
        ),
        migrations.CreateModel(
            name='Checkpoint',
            fields=[
                ('id', models.UUIDField(default=audit.identifiers.new_id, editable=False, primary_key=True, serialize=False)),
                ('organization_id', models.UUIDField()),
                ('size', models.PositiveBigIntegerField()),
                ('root', models.CharField(max_length=64)),
                ('created_at', models.DateTimeField()),
                ('document', models.TextField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('organization_id', 'size'), name='audit_checkpoint_one_per_size')],
            },
        ),
        migrations.CreateModel(
            name='DataKey',
            fields=[
                ('id', models.UUIDField(default=audit.identifiers.new_id, editable=False, primary_key=True, serialize=False)),
                ('organization_id', models.UUIDField()),
                ('purpose', models.CharField(max_length=32)),
                ('subject', models.CharField(blank=True, max_length=64)),
                ('version', models.PositiveSmallIntegerField(default=1)),
                ('wrapped', models.BinaryField(null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('destroyed_at', models.DateTimeField(null=True)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('organization_id', 'purpose', 'subject', 'version'), name='audit_datakey_one_per_version'), models.CheckConstraint(condition=models.Q(models.Q(('destroyed_at__isnull', False), ('wrapped__isnull', True)), models.Q(('destroyed_at__isnull', True), ('wrapped__isnull', False)), _connector='OR'), name='audit_datakey_destroyed_has_no_key')],
            },
        ),
        CreatePartitionedModel(
            name='Event',
            fields=[
                ('id', models.UUIDField(default=audit.identifiers.new_id, editable=False, primary_key=True, serialize=False)),
                ('organization_id', models.UUIDField()),
                ('name', models.CharField(max_length=64)),
                ('version', models.PositiveSmallIntegerField(default=1)),
                ('occurred_at', models.DateTimeField()),
                ('actor_kind', models.CharField(max_length=16)),
                ('actor_id', models.UUIDField(null=True)),
                ('target_kind', models.CharField(blank=True, max_length=32)),
                ('target_id', models.UUIDField(null=True)),
                ('reference', models.CharField(blank=True, max_length=32)),
                ('outcome', models.CharField(max_length=16)),
                ('grant_id', models.UUIDField(null=True)),
                ('session_id', models.CharField(blank=True, max_length=64)),
                ('request_id', models.CharField(blank=True, max_length=64)),
                ('body', models.TextField()),
                ('sealed', models.TextField()),
                ('leaf_hash', models.BinaryField(max_length=32)),
            ],
            options={
                'indexes': [models.Index(fields=['organization_id', 'id'], name='audit_event_page'), models.Index(fields=['organization_id', 'name', 'id'], name='audit_event_name'), models.Index(fields=['organization_id', 'actor_id', 'id'], name='audit_event_actor'), models.Index(fields=['organization_id', 'target_id', 'id'], name='audit_event_target'), models.Index(condition=models.Q(('reference', ''), _negated=True), fields=['organization_id', 'reference', 'id'], name='audit_event_reference'), models.Index(condition=models.Q(('grant_id__isnull', False)), fields=['organization_id', 'grant_id', 'id'], name='audit_event_grant')],
            },
        ),
        migrations.CreateModel(
            name='Leaf',
            fields=[
                ('event_id', models.UUIDField(primary_key=True, serialize=False)),
                ('organization_id', models.UUIDField()),
                ('position', models.PositiveBigIntegerField()),
                ('name', models.CharField(max_length=64)),
                ('digest', models.BinaryField(max_length=32)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('organization_id', 'position'), name='audit_leaf_one_per_position')],
            },
        ),
        migrations.RunPython(install, uninstall),
    ]
