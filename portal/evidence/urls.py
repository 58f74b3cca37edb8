"""Addresses of the audit log."""

from django.urls import URLPattern, path

from portal.evidence.views import log, period, proof

workspace_urls: list[URLPattern] = [
    path("audit/", log.event_list, name="event-list"),
    path("audit/export.csv", log.event_csv, name="event-csv"),
    path("audit/export.jsonl", log.event_json, name="event-json"),
    path("audit/period/", period.period_show, name="period-show"),
    path("audit/period/evidence.zip", period.period_download, name="period-download"),
    path("audit/verify/", proof.log_verify, name="log-verify"),
    path("audit/checkpoints/", proof.checkpoint_list, name="checkpoint-list"),
    path("audit/checkpoint.json", proof.checkpoint_latest, name="checkpoint-latest"),
    path("audit/checkpoints/<int:size>.json", proof.checkpoint_show, name="checkpoint-show"),
]
root_urls: list[URLPattern] = [
    path(".well-known/gatehouse-keys.json", proof.signing_keys, name="signing-keys"),
]
