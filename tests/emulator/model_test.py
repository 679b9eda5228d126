"""Every operation the emulator offers, held against AWS's own models: answers as they come over the wire, any request."""

import os
import random
import unittest

import api_walk
from aws_models import RequestMaker, data_folders, faults_of_json, faults_of_xml, import_botocore, load_model
from emulator_harness import ADMIN, ROOT, BareEmulatorTest
from raw_client import RawClient

MODELS = {"elasticloadbalancing": "elbv2", "monitoring": "cloudwatch"}  # where botocore's folder has another name
REQUESTS = int(os.environ.get("PIPELINE_MODEL_REQUESTS", "12"))  # generated ones for each operation and protocol
SEED = int(os.environ.get("PIPELINE_MODEL_SEED", "20261122"))
# What any operation may answer, whether its model lists it or not (AWS's "common errors").
COMMON_ERRORS = {
    "AccessDenied", "AccessDeniedException", "InvalidAction", "InvalidParameterCombination", "InvalidParameterValue",
    "InvalidParameterException", "MissingParameter", "SerializationException", "ThrottlingException",
    "UnsupportedFeatureException", "ValidationError", "ValidationException",
}  # fmt: skip


class ModelTest(BareEmulatorTest):
    """One emulator with a service whose task really runs."""

    seed_text = api_walk.SEED

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.client = RawClient(cls.endpoint, ADMIN["AWS_ACCESS_KEY_ID"], ADMIN["AWS_SECRET_ACCESS_KEY"], "eu-central-1")
        cls.offered = cls.owner("GET", "operations")["services"]
        cls.models = [
            {service["name"]: load_model(folder, MODELS.get(service["name"], service["name"])) for service in cls.offered}
            for folder in data_folders()
        ]

    @staticmethod
    def protocols(model, offered):
        """Those that the model and this botocore speak, of those the emulator does."""
        spoken = model.metadata.get("protocols") or [model.metadata["protocol"]]
        known = import_botocore("serialize").SERIALIZERS
        return [protocol for protocol in spoken if protocol in known and protocol in offered["protocols"]]

    def faults_of(self, answer, shape, protocol, knows_all):
        """What of an answer is not as its shape has it."""
        if shape is None:
            return []
        if protocol == "query":
            return list(faults_of_xml(answer.body, shape, knows_all))
        return faults_of_json(answer.body, shape, knows_all)

    def models_with(self, service, operation):
        """(model, whether it knows all members of today) for each generation that has the operation."""
        for models in self.models:
            model = models[service]
            if model is not None and operation in model.operation_names:
                ecs = models["ecs"]
                yield model, "DescribeServiceDeployments" in ecs.operation_names

    def test_1_the_manual_lists_what_is_offered(self):
        """docs/emulator.md's table and the emulator's own, both ways."""
        rows = {}
        for line in (ROOT / "docs/emulator.md").read_text(encoding="utf-8").splitlines():
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            if line.startswith("|") and len(cells) == 2:
                rows[cells[0]] = {word.split(" ")[0] for word in cells[1].split(", ")}
        for service in self.offered:
            self.assertEqual(rows.get(service["name"]), set(service["operations"]), service["name"])

    def test_2_every_operation_answers_as_its_model_has_it(self):
        """A walk that calls each operation to success, in each protocol, against each generation of models."""
        walk = api_walk.Walk(self)
        walk.run()
        wanted = {(service["name"], operation) for service in self.offered for operation in service["operations"]}
        self.report(walk.faults)
        self.assertEqual(sorted(wanted - walk.succeeded), [], "operations that never succeeded")
        print(f"\nmodel walk: {len(wanted)} operations, {walk.requests} requests, {walk.checked} answers checked")

    def test_3_no_request_is_answered_with_a_500_or_an_unknown_error(self):
        """Requests out of the input shapes, with names that exist now and then; what succeeds is validated too."""
        known = api_walk.known_names(self)
        maker = RequestMaker(random.Random(SEED), known)
        faults, sent, refused = [], 0, 0
        for service in self.offered:
            for operation in service["operations"]:
                for model, knows_all in list(self.models_with(service["name"], operation))[:1]:
                    for protocol in self.protocols(model, service):
                        for _ in range(REQUESTS):
                            fault, status = self.one_request(maker, model, operation, protocol, knows_all)
                            faults += fault
                            sent, refused = sent + 1, refused + (status >= 400)
        self.report(faults)
        self.assertEqual(self.status()["account"], "123456789012")
        print(f"\nmodel requests: {sent} generated, {refused} refused, no 500")

    def report(self, faults):
        """Each fault once for each operation, short enough to be read."""
        seen = {(fault.split(" ")[0], fault.rsplit(": ", 1)[-1][:60]): fault for fault in faults}
        lines = [fault if len(fault) < 700 else f"{fault[:350]} … {fault[-350:]}" for fault in seen.values()]
        self.assertFalse(lines, f"\nPIPELINE_MODEL_SEED={SEED}\n" + "\n".join(lines))

    def one_request(self, maker, model, operation, protocol, knows_all):
        """A generated request; (faults, status)."""
        shape = model.operation_model(operation)
        params = maker.request(shape.input_shape)
        where = f"{model.service_name}:{operation} by {protocol} with {params!r}"
        try:
            answer = self.client.send(model, operation, params, protocol)
        except Exception as wrong:  # pylint: disable=broad-except  # whatever the parser of an answer says is a finding
            return [f"{where}: {wrong!r}"], 500
        if answer.status >= 500:
            return [f"{where}: {answer.status} {answer.raw[:300]!r}"], answer.status
        if answer.error is None and maker.nearly:
            return [], answer.status  # what is told back is as wrong as what came
        if answer.error is None:
            found = self.faults_of(answer, shape.output_shape, protocol, knows_all)
            return [f"{where}: {fault}" for fault in found[:3]], answer.status
        allowed = {error.error_code for error in shape.error_shapes} | {error.name for error in shape.error_shapes} | COMMON_ERRORS
        return ([] if answer.error in allowed else [f"{where}: error {answer.error}: {answer.raw[:300]!r}"]), answer.status


if __name__ == "__main__":
    unittest.main(verbosity=2)
