package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"

	"duradesk/cmd/duradesk/supervise"
	"duradesk/postgres/cluster"
)

// startForeign starts the parts that our own processes stand on.
func (u *up) startForeign(begin func(supervise.Child) error) error {
	if u.startsPostgres() {
		if err := begin(u.postgresChild()); err != nil {
			return err
		}
	}
	if u.startsTemporal() {
		if err := begin(u.temporalChild()); err != nil {
			return err
		}
	}
	if u.runs(partMail) {
		return begin(u.mailChild())
	}
	return nil
}

// startOwn starts the two processes that a real installation has.
func (u *up) startOwn(begin func(supervise.Child) error) error {
	if u.runs(partWorker) {
		worker := supervise.Child{
			Name: partWorker, Command: u.own("worker"), Ready: answers(reachable(u.addresses.workerHealth)),
		}
		if err := begin(worker); err != nil {
			return err
		}
	}
	if u.runs(partAPI) {
		return begin(supervise.Child{
			Name: partAPI, Command: u.own("api"), Ready: answers(reachable(u.addresses.http)),
		})
	}
	return nil
}

func (u *up) postgresChild() supervise.Child {
	return supervise.Child{
		Name:    partPostgres,
		Command: u.postgres.Command,
		Ready:   u.postgres.Ready,
		Stop:    cluster.StopSignal,
		Death:   cluster.DeathSignal,
		Grace:   20 * time.Second,
	}
}

func (u *up) mailChild() supervise.Child {
	return supervise.Child{
		Name:    partMail,
		Command: u.own("mail", "--dir", filepath.Join(u.Dir, "mail")),
		Ready: func(ctx context.Context) error {
			if err := greets(ctx, reachable(u.addresses.smtp), "220 "); err != nil {
				return err
			}
			return greets(ctx, reachable(u.addresses.imap), "* OK")
		},
	}
}

// own gives commands that run a subcommand of this binary.
func (u *up) own(arguments ...string) func(context.Context) (*exec.Cmd, error) {
	return func(context.Context) (*exec.Cmd, error) {
		cmd := exec.Command(u.self, arguments...)
		cmd.Env = u.env
		return cmd, nil
	}
}

// answers asks a part for its readiness over HTTP.
func answers(address string) func(context.Context) error {
	return func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/readyz", nil)
		if err != nil {
			return fmt.Errorf("ask for readiness: %w", err)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return fmt.Errorf("ask for readiness: %w", err)
		}
		defer func() { _ = response.Body.Close() }()
		if response.StatusCode != http.StatusOK {
			return fmt.Errorf("%s answers %s", request.URL, response.Status)
		}
		return nil
	}
}

// greets connects to a server and compares the beginning of what it says first.
func greets(ctx context.Context, address, greeting string) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer func() { _ = conn.Close() }()
	deadline, _ := ctx.Deadline()
	if err := conn.SetDeadline(deadline); err != nil {
		return fmt.Errorf("connect to %s: %w", address, err)
	}
	said := make([]byte, len(greeting))
	if _, err := io.ReadFull(conn, said); err != nil {
		return fmt.Errorf("wait for the greeting of %s: %w", address, err)
	}
	if string(said) != greeting {
		return fmt.Errorf("%s greets with %q", address, said)
	}
	return nil
}

// checkDatabase tries the database that the environment names.
func checkDatabase(ctx context.Context, dsn string) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return fmt.Errorf("DURADESK_DATABASE_URL: the database cannot be used: %w", err)
	}
	return conn.Close(ctx)
}
