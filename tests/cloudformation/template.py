"""The template as CloudFormation reads it."""

import copy

import yaml


class Loader(yaml.CSafeLoader):
    """Refuses a key that comes twice, of which CloudFormation would take the last."""

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        if twice := {str(key) for key in keys if keys.count(key) > 1}:
            raise yaml.YAMLError(f"written twice: {', '.join(twice)}")
        return super().construct_mapping(node, deep)


def function(loader, name, node):
    """The long form of a short one: !Ref x is {"Ref": x}, !Sub x is {"Fn::Sub": x}."""
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    return {name if name == "Ref" else f"Fn::{name}": value}


Loader.add_constructor("tag:yaml.org,2002:map", lambda loader, node: loader.construct_mapping(node, deep=True))
Loader.add_multi_constructor("!", function)


class Template:
    def __init__(self, root):
        document = yaml.load((root / "aws/template.yaml").read_text(), Loader)
        self.parameters = document["Parameters"]
        self.resources = document["Resources"]
        self.shared = document.get("Globals", {}).get("Function", {})

    def of(self, kind):
        """Name and properties of each resource of a kind."""
        for name, resource in self.resources.items():
            if resource["Type"] == kind:
                yield name, resource.get("Properties", {})

    def properties(self, name):
        return self.resources.get(name, {}).get("Properties", {})

    def functions(self):
        """Each function by the name of its program, with what all have in common."""
        for _, own in self.of("AWS::Serverless::Function"):
            merged = {**copy.deepcopy(self.shared), **own}
            variables = {
                **self.shared.get("Environment", {}).get("Variables", {}),
                **own.get("Environment", {}).get("Variables", {}),
            }
            merged["Environment"] = {"Variables": variables}
            yield own.get("FunctionName", {}).get("Fn::Sub", "").removeprefix("${AWS::StackName}-"), merged

    def events(self, properties, kind):
        return [event["Properties"] for event in properties.get("Events", {}).values() if event["Type"] == kind]


def ref(value):
    """The resource that a value names, by its reference or one of its attributes."""
    if not isinstance(value, dict):
        return None
    return value.get("Ref") or value.get("Fn::GetAtt", "").partition(".")[0] or None
