"""A client of AWS's JSON 1.1 protocol that knows no models, so that it can ask whatever AWS has, as long ago as Debian's
botocore is: that signs."""

import json
import urllib.error
import urllib.request

from aws_models import import_botocore

TARGETS = {
    "ecs": "AmazonEC2ContainerServiceV20141113",
    "ecr": "AmazonEC2ContainerRegistry_V20150921",
    "codedeploy": "CodeDeploy_20141006",
}


class AwsError(Exception):
    """An error that AWS answers: its name, then its message."""


class JsonClient:
    """`client.describe_services(cluster=…)` is DescribeServices; answers are as they come."""

    def __init__(self, service, endpoint, region):
        self.service, self.endpoint, self.region = service, endpoint, region

    def __getattr__(self, name):
        operation = "".join(word.capitalize() for word in name.split("_"))
        return lambda **members: self.send(operation, members)

    def send(self, operation, members):
        """The members of the answer."""
        headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": f"{TARGETS[self.service]}.{operation}"}
        request = import_botocore("awsrequest").AWSRequest("POST", self.endpoint + "/", headers, json.dumps(members))
        keys = import_botocore("credentials").Credentials("EMULATORADMIN", "emulator")
        import_botocore("auth").SigV4Auth(keys, self.service, self.region).add_auth(request)
        sent = urllib.request.Request(request.url, request.data.encode(), dict(request.headers.items()))
        try:
            with urllib.request.urlopen(sent, timeout=60) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            body = json.load(error)
            raise AwsError(f"{body.get('__type', error.code)}: {body.get('message', body.get('Message', ''))}") from None
