"""Addresses of requests in a workspace."""

from django.urls import URLPattern, path

from portal.tickets.views import answering, board, filing, filters, listing, report, showing

workspace_urls: list[URLPattern] = [
    path("requests/", listing.ticket_list, name="ticket-list"),
    path("requests/export.csv", listing.ticket_export, name="ticket-export"),
    path("requests/board/", board.ticket_board, name="ticket-board"),
    path("requests/report/", report.ticket_report, name="ticket-report"),
    path("requests/report.csv", report.ticket_report_csv, name="ticket-report-csv"),
    path("requests/filters/", filters.filter_save, name="filter-save"),
    path("requests/filters/<uuid:pk>/delete/", filters.filter_delete, name="filter-delete"),
    path("requests/revoke/", filing.ticket_revoke, name="ticket-revoke"),
    path("requests/delete/", filing.ticket_delete, name="ticket-delete"),
    path("requests/<slug:number>/", showing.ticket_show, name="ticket-show"),
    path("requests/<slug:number>/progress/", showing.ticket_progress, name="ticket-progress"),
    path("requests/<slug:number>/withdraw/", showing.ticket_withdraw, name="ticket-withdraw"),
    path("requests/<slug:number>/cancel/", showing.ticket_cancel, name="ticket-cancel"),
    path("requests/<slug:number>/reverse/", showing.ticket_reverse, name="ticket-reverse"),
    path("requests/<slug:number>/hasten/", showing.ticket_hasten, name="ticket-hasten"),
    path("requests/<slug:number>/confirm/", showing.ticket_confirm, name="ticket-confirm"),
    path("requests/<slug:number>/steps/<uuid:pk>/", answering.step_answer, name="step-answer"),
    path("requests/<slug:number>/retry/", showing.ticket_retry, name="ticket-retry"),
]
