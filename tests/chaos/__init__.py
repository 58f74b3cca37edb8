"""Requests under attack: killed workers, a broker that is gone, a clock that jumps.

    .venv/bin/python -m tests.chaos            1,000 requests, every trouble, about 15 minutes
    .venv/bin/python -m tests.chaos --tickets 100 --trouble kill --trouble clock

It starts its own PostgreSQL and Redis on loopback, in a folder that it removes, and the processes
of a production installation: workers, three beats and the web server.
"""
