from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies: list[tuple[str, str]] = []
    operations = [
        migrations.CreateModel(
            name="Try",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=16)),
                ("key", models.CharField(max_length=64)),
                ("at", models.DateTimeField()),
            ],
            options={"indexes": [models.Index(fields=["kind", "key", "at"], name="web_try_recent")]},
        ),
    ]
