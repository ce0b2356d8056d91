import click

cli: click.Command
