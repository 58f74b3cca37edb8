"""What guardian guards in the benchmark: a resource with a name, as lean as can be."""

from django.db import models


class Resource(models.Model):
    id = models.UUIDField(primary_key=True)
    sort_key = models.CharField(max_length=255, db_index=True)

    def __str__(self) -> str:
        return self.sort_key
