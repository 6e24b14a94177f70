app_name = "levy"
urlpatterns: list = []
