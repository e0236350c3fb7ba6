"""Remove the archive of a deployment that failed, and close its record."""

from deploy_http import Records, call

from attune_sdk import action


@action
def clean_up(deployment_id, image, rollback, context):
    removed = call("DELETE", image, error_type="registry_error")["removed"] if image else False
    status = "rolled_back" if rollback else "failed"
    Records(context).close(deployment_id, status)
    return {"status": status, "archive_removed": removed}
