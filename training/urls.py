"""Pages and API routes of what machines do. Who may call them: ivr_label/access.yaml."""

urlpatterns = []
