"""What a provider is to a try, where it has no other way of its own."""

from browser import answers


class Provider:
    """Has an `issuer`, an `authority` that its certificate is of, and a `program` that runs it."""

    def client_id(self, name):
        return name

    def start(self):
        return self.program.start(self.is_ready)

    def is_ready(self):
        return answers(f"{self.issuer}/.well-known/openid-configuration", self.authority.ca)

    def stop(self):
        self.program.stop()
