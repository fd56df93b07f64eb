package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
)

// cli lists the subcommands. Each is a struct in a file of its own, with a method Run(context.Context) error; the
// context ends at the first interrupt.
type cli struct {
	Up            upCommand          `cmd:"" help:"Run everything on this machine: Postgres, Temporal, a mail server, worker, API and console."`
	Serve         serveCommand       `cmd:"" help:"Run API and worker in one process."`
	API           apiCommand         `cmd:"" help:"Run the API and the console; any number of these."`
	Worker        workerCommand      `cmd:"" help:"Run the clockwork: tickets, deliveries, mailboxes; any number of these."`
	Migrate       migrateCommand     `cmd:"" help:"Bring the database schema up to date."`
	Rebuild       rebuildCommand     `cmd:"" help:"Start every open ticket again from its row, when Temporal's store was lost."`
	Backup        backupCommand      `cmd:"" help:"Write the database to a file."`
	Restore       restoreCommand     `cmd:"" help:"Fill an empty database from a file that backup has written; recover comes after it."`
	Recover       recoverCommand     `cmd:"" help:"After the database was restored from a backup: go on beside a Temporal that remembers more, and list what is lost."`
	Rekey         rekeyCommand       `cmd:"" help:"Seal every stored secret with the current secret key: the second half of changing it."`
	Replay        replayCommand      `cmd:"" help:"Replay open workflows on this build before it is deployed: would they go on?"`
	Promote       promoteCommand     `cmd:"" help:"Make this build the one that open workflows go on with, where workers have versions (DURADESK_DEPLOYMENT)."`
	Rehearse      rehearseCommand    `cmd:"" help:"Ask this build's rules all that is recorded: which tickets would be answered otherwise?"`
	Config        configCommand      `cmd:"" help:"List every setting with its default."`
	Ticket        ticketCommand      `cmd:"" help:"Find tickets and work on them."`
	Report        reportCommand      `cmd:"" help:"Print figures: what came in and went out, response times, SLA, backlog and more."`
	Doctor        doctorCommand      `cmd:"" help:"Say what is wrong and what to do: database, Temporal, workers, clocks, mailboxes, disks, secret key."`
	Mailbox       mailboxCommand     `cmd:"" help:"List, add, change, try and remove mailboxes."`
	User          adminCommand       `cmd:"" help:"Administer agents, leads and admins."`
	Token         adminCommand       `cmd:"" help:"Administer API tokens."`
	Desk          adminCommand       `cmd:"" help:"Administer desks and all their settings."`
	Group         adminCommand       `cmd:"" help:"Administer groups."`
	Calendar      calendarCommand    `cmd:"" help:"Administer calendars: working hours, holidays, closures."`
	Policy        adminCommand       `cmd:"" help:"Administer the SLA policies of desks."`
	Template      adminCommand       `cmd:"" help:"Administer templates of mails."`
	Macro         adminCommand       `cmd:"" help:"Administer macros."`
	TextModule    adminCommand       `cmd:"" help:"Administer text modules."`
	Trigger       adminCommand       `cmd:"" help:"Administer triggers."`
	ForbiddenWord adminCommand       `cmd:"" help:"Administer words that must not stand in a mail."`
	Channel       channelCommand     `cmd:"" help:"Administer channels: programs that bring conversations from outside mail."`
	Attachments   attachmentsCommand `cmd:"" help:"Move attachments between the database and a store outside."`
	Rules         RulesCmd           `cmd:"" help:"Print the lifecycle: matrix, diagram and clocks; --check proves them."`
	Article       articleCommand     `cmd:"" help:"Administer articles of the knowledge base."`

	Help    helpCommand    `cmd:"" help:"Show what a command takes: duradesk help up."`
	Version versionCommand `cmd:"" help:"Print which build this is."`
	Build   versionFlag    `name:"version" help:"As the command version."`
	Webhook webhookCommand `cmd:"" help:"Check signatures of webhooks."`

	Mail      mailCommand      `cmd:"" hidden:"" help:"Run the mail server that plays the outside world (a part of up)."`
	Demo      demoCommand      `cmd:"" hidden:"" help:"Make sample people and tickets (a part of up)."`
	Bootstrap bootstrapCommand `cmd:"" hidden:"" help:"Make the first desk and the admin (a part of up)."`
	Probe     probeCommand     `cmd:"" help:"Tell by the exit code whether a part is ready."`
	Devserver devserverCommand `cmd:"" hidden:"" help:"Build the Temporal server that up runs, if need be, and print its path (for make test)."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stderr)
	stop()
	os.Exit(code)
}

// run parses the arguments and runs a subcommand. An error is one line on stderr and exit code 1.
func run(ctx context.Context, args []string, stderr io.Writer) int {
	parser, err := kong.New(&cli{},
		kong.Name("duradesk"),
		kong.Description("A help desk in which every ticket is one long-running Temporal workflow."),
		kong.BindTo(ctx, (*context.Context)(nil)),
	)
	if err == nil {
		var command *kong.Context
		if command, err = parser.Parse(args); err == nil {
			if err = command.Run(parser); err != nil && ctx.Err() != nil && standing[command.Selected().Name] {
				fmt.Fprintf(stderr, "duradesk: stopped: %s\n", oneLine(err))
				return 0
			}
		} else {
			err = missing(err)
		}
	}
	if err != nil {
		fmt.Fprintf(stderr, "duradesk: %s\n", oneLine(err))
		return 1
	}
	return 0
}

// standing are the parts that run until they are told to stop. One that is told so while it starts has not failed, whatever it
// was waiting for just then: a supervisor would call it failed.
var standing = map[string]bool{"serve": true, "api": true, "worker": true}

// missing says which settings are not set, by the names under which they are known.
func missing(err error) error {
	var parsed *kong.ParseError
	if !errors.As(err, &parsed) || !strings.HasPrefix(err.Error(), "missing flags") {
		return err
	}
	var lines []string
	for _, flag := range parsed.Context.Flags() {
		if flag.Required && !flag.Set && len(flag.Envs) > 0 {
			lines = append(lines, fmt.Sprintf("%s is not set: %s", flag.Envs[0], flag.Help))
		}
	}
	if len(lines) == 0 {
		return err
	}
	return errors.New(strings.Join(lines, "; "))
}

// oneLine joins what an error says in several lines, as those that quote a log do.
func oneLine(err error) string {
	var lines []string
	for line := range strings.Lines(err.Error()) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "; ")
}
