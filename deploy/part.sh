#!/bin/sh
# Starts one part of Gatehouse; anything else is a manage.py command.
set -eu
worker="celery --app portal.celery worker --without-gossip --without-mingle --without-heartbeat"
case ${1:-web} in
  web)
    exec granian --interface wsgi --no-ws --host 0.0.0.0 --port 8000 \
      --workers "${WEB_WORKERS:-2}" --blocking-threads "${WEB_THREADS:-8}" \
      --respawn-failed-workers --workers-lifetime 6h portal.wsgi:application
    ;;
  worker)
    exec $worker --hostname "promises@%h" --queues sla,default \
      --concurrency "${WORKER_PROCESSES:-4}" --max-tasks-per-child 1000
    ;;
  bulk)
    exec $worker --hostname "bulk@%h" --queues bulk \
      --concurrency "${WORKER_PROCESSES:-2}" --max-tasks-per-child 100
    ;;
  beat)
    exec celery --app portal.celery beat
    ;;
  *)
    exec python manage.py "$@"
    ;;
esac
