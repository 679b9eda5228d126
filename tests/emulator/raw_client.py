"""Requests as botocore writes and signs them, answers as they came over the wire."""

import http.client
import io
import json
import urllib.parse
import xml.etree.ElementTree as ElementTree
from collections import namedtuple

from aws_models import import_botocore, local

# body: the JSON, the element that holds the members, or what CBOR says; error: AWS's code, or None.
Answer = namedtuple("Answer", "status error body raw")


class RawClient:
    """One emulator, one pair of keys."""

    def __init__(self, endpoint, access_key, secret_key, region):
        self.address = urllib.parse.urlsplit(endpoint)
        self.credentials = import_botocore("credentials").Credentials(access_key, secret_key)
        self.region = region

    def send(self, model, operation, params, protocol):
        """The answer to an operation in one of the service's protocols, unchecked by botocore."""
        serializer = import_botocore("serialize").create_serializer(protocol, include_validation=False)
        request = serializer.serialize_to_request(params, model.operation_model(operation))
        if protocol == "json" and "awsQueryCompatible" in model.metadata:
            request["headers"]["x-amzn-query-mode"] = "true"
        return self.post(request, model, protocol)

    def post(self, request, model, protocol):
        """Sign and send what a serializer made, or a test by hand."""
        body = request["body"]
        if isinstance(body, dict):
            body = urllib.parse.urlencode(body)
        body = body.encode() if isinstance(body, str) else body
        url = f"{self.address.scheme}://{self.address.netloc}{request['url_path']}"
        signed = import_botocore("awsrequest").AWSRequest("POST", url, headers=request["headers"], data=body)
        import_botocore("auth").SigV4Auth(self.credentials, model.signing_name, self.region).add_auth(signed)
        connection = http.client.HTTPConnection(self.address.netloc, timeout=30)
        try:
            connection.request("POST", request["url_path"], body=body, headers=dict(signed.headers.items()))
            answer = connection.getresponse()
            return read_answer(protocol, answer, answer.read())
        finally:
            connection.close()


def read_answer(protocol, answer, raw):
    """Strictly as the protocol has it; whatever it is not raises."""
    if protocol == "query":
        root = ElementTree.fromstring(raw)
        if answer.status >= 400:
            codes = [element.text for element in root.iter() if local(element) == "Code"]
            return Answer(answer.status, codes[0], root, raw)
        result = [element for element in root if local(element).endswith("Result")]
        return Answer(answer.status, None, result[0] if result else ElementTree.Element("Empty"), raw)
    if protocol == "json":
        body = json.loads(raw)
        error = body["__type"].rsplit("#", 1)[-1] if answer.status >= 400 else None
        return Answer(answer.status, error, body, raw)
    if answer.getheader("smithy-protocol") != "rpc-v2-cbor":
        raise AssertionError(f"no smithy-protocol header: {raw!r}")
    parser = import_botocore("parsers").RpcV2CBORParser()
    body = parser.parse_data_item(io.BufferedReader(io.BytesIO(raw)))
    error = body["__type"].rsplit("#", 1)[-1] if answer.status >= 400 else None
    return Answer(answer.status, error, body, raw)
