"""The product's own rehearsal: many requests at once, and an honest count of what became of them.

Demo data only. `manage.py chaos_submit` files them, `manage.py chaos_status` judges them.
"""
