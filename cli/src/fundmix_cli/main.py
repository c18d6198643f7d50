"""The command `fundmix`: puts the groups of commands together."""

import typer

from fundmix_cli.commands.clocks import clocks
from fundmix_cli.commands.contracts import contracts
from fundmix_cli.commands.demo import demo
from fundmix_cli.commands.donations import donations
from fundmix_cli.commands.donations_export import donations_export
from fundmix_cli.commands.donations_giving_back import giving_back
from fundmix_cli.commands.donations_imports import imports
from fundmix_cli.commands.donations_receiving import receiving
from fundmix_cli.commands.donor_contacts import contacts
from fundmix_cli.commands.down import down, reset
from fundmix_cli.commands.evaluations import evaluate
from fundmix_cli.commands.export import export
from fundmix_cli.commands.goals import goal
from fundmix_cli.commands.import_donations import import_donations
from fundmix_cli.commands.instalments import instalments
from fundmix_cli.commands.ledger import ledger
from fundmix_cli.commands.ledger_funds import ledger_funds
from fundmix_cli.commands.ledger_mapping import ledger_mapping
from fundmix_cli.commands.ledger_readings import ledger_readings
from fundmix_cli.commands.ledger_reports import ledger_reports
from fundmix_cli.commands.ledger_requests import ledger_requests
from fundmix_cli.commands.load import load
from fundmix_cli.commands.mix import mix
from fundmix_cli.commands.quarantine import quarantine
from fundmix_cli.commands.receipts import receipts
from fundmix_cli.commands.registry import registry
from fundmix_cli.commands.status import logs, status
from fundmix_cli.commands.token import token
from fundmix_cli.commands.topics import topics
from fundmix_cli.commands.up import up

app = typer.Typer(
    help="A city's diversified funding of social work: run it, load it, ask it.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
)
for command in (up, down, status, logs, reset, token, load, mix, export, demo):
    app.command()(command)
app.command("import")(import_donations)
app.add_typer(topics, name="topics")
app.add_typer(quarantine, name="quarantine")
app.add_typer(registry, name="registry")
app.add_typer(goal, name="goal")
app.add_typer(receipts, name="receipts")
# Each module has some of the commands; together they are one group.
donations.registered_commands += receiving.registered_commands
donations.registered_commands += giving_back.registered_commands
donations.registered_commands += imports.registered_commands
donations.registered_commands += donations_export.registered_commands
donations.add_typer(contacts, name="contact")
app.add_typer(donations, name="donations")
contracts.registered_commands += [*instalments.registered_commands, *clocks.registered_commands]
contracts.add_typer(evaluate, name="evaluate")
app.add_typer(contracts, name="contracts")
ledger.registered_commands += ledger_reports.registered_commands
ledger.registered_commands += ledger_readings.registered_commands
ledger.registered_commands += ledger_requests.registered_commands
ledger.registered_commands += ledger_funds.registered_commands
ledger.registered_commands += ledger_mapping.registered_commands
app.add_typer(ledger, name="ledger")

if __name__ == "__main__":
    app()
