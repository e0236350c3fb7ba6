"""Write the status of a deployment into its record."""

from deploy_http import Records

from attune_sdk import action


@action
def update(deployment_id, status, context):
    return Records(context).close(deployment_id, status)
