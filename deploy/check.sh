#!/bin/sh
# Everything that is checked without running the product; names each part that failed.
set -u
bin=.venv/bin
GATEHOUSE_HOME=$(mktemp -d)
export GATEHOUSE_HOME
trap 'rm -rf "$GATEHOUSE_HOME"' EXIT
failed=""

part() {
  name=$1
  shift
  if "$@" >"$GATEHOUSE_HOME/out" 2>&1; then
    echo "ok      $name"
  else
    echo "FAILED  $name"
    tail -n "${LINES_SHOWN:-60}" "$GATEHOUSE_HOME/out"
    failed="$failed $name"
  fi
}

deployment() {
  env BASE_URL=https://gatehouse.example.com \
    DATABASE_URL=postgresql://gatehouse@127.0.0.1/gatehouse \
    CELERY_BROKER_URL=redis://127.0.0.1:6379/0 MAIL_HOST=127.0.0.1 \
    SECRET_KEY="$("$bin/python" -c 'import secrets; print(secrets.token_urlsafe(64))')" \
    "$bin/python" manage.py check --deploy --fail-level WARNING
}

part ruff "$bin/ruff" check .
part format "$bin/ruff" format --check .
part djlint "$bin/djlint" --lint --quiet templates
part mypy "$bin/mypy"
part layers "$bin/lint-imports"
part deployment deployment
part migrations "$bin/python" manage.py makemigrations --check --dry-run
part schema "$bin/python" manage.py schema_snapshot --check

if [ -n "$failed" ]; then
  echo "make check failed:$failed"
  exit 1
fi
echo "make check passed"
