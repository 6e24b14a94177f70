"""Pages of collection: the tax bureau's lists, payments, and each employer's account."""

from django.urls import path

from collection.views import collection, hand_over, lists, payments

app_name = "collection"
urlpatterns = [
    path("employers/<slug:uscc>/account/", collection.employer_account, name="employer_account"),
    path("collection/", collection.collection, name="collection"),
    path("collection/cases.csv", collection.collection_file, name="collection_file"),
    path("runs/<int:pk>/hand_over/", hand_over.hand_over, name="hand_over"),
    path("files/<int:pk>/mismatches.csv", payments.payment_mismatches, name="payment_mismatches"),
    path("lists/", lists.list_choose, name="list_choose"),
    path("lists/<int:levy_year>/<slug:code>/", lists.list_detail, name="list_detail"),
    path("lists/<int:levy_year>/<slug:code>/levy-list.<str:file_format>", lists.list_download, name="list_download"),
]
