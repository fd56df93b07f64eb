package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/pflag"
	uiversion "github.com/temporalio/ui-server/v2/server/version"
	"go.temporal.io/server/common/headers"
)

// stopTimeout bounds an orderly stop. The server needs two or three seconds to
// send waiting workers away; what it has accepted is in the file already.
const stopTimeout = 10 * time.Second

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run carries out one command line and returns the exit code: 0 for an orderly
// end, 1 when the server could not run, 2 when the arguments are wrong.
func run(args []string, stdout, stderr io.Writer) int {
	opts, err := parseOptions(args)
	switch {
	case errors.Is(err, pflag.ErrHelp):
		fmt.Fprint(stdout, usage())
		return 0
	case err != nil:
		fmt.Fprintf(stderr, "devserver: %v\n", err)
		return 2
	case opts.showVersion:
		fmt.Fprintf(stdout, "temporal version duradesk-devserver (Server %s, UI %s)\n", headers.ServerVersion, uiversion.UIVersion)
		return 0
	}
	ctx, restoreSignals := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer restoreSignals()
	// From the first signal on a second one has its usual effect: it ends the
	// process at once.
	context.AfterFunc(ctx, restoreSignals)
	if err := serve(ctx, opts, stdout, stderr); err != nil {
		fmt.Fprintf(stderr, "devserver: %v\n", oneLine(err))
		return 1
	}
	return 0
}

// serve runs the server until ctx ends and then stops it.
func serve(ctx context.Context, opts *options, stdout, stderr io.Writer) error {
	logger := newLogger(stderr, opts.logLevel, opts.logFormat)
	srv, err := start(ctx, opts, logger, stderr)
	if err != nil {
		return err
	}
	printAddresses(stdout, opts)
	<-ctx.Done()
	if opts.logLevel >= slog.LevelWarn {
		logger.silence() // the services complain of each other while they go down one by one
	}
	stopped := make(chan error, 1)
	go func() { stopped <- srv.stop() }()
	select {
	case err := <-stopped:
		return err
	case <-time.After(stopTimeout):
		return fmt.Errorf("did not stop within %s; ended the hard way (nothing stored is lost)", stopTimeout)
	}
}

func printAddresses(w io.Writer, opts *options) {
	line := func(what, where string) { fmt.Fprintf(w, "%-22s%s\n", what+":", where) }
	fmt.Fprintf(w, "Temporal %s, UI %s, for development and evaluation only\n\n", headers.ServerVersion, uiversion.UIVersion)
	line("Temporal Server", address(opts.ip, opts.port))
	if opts.dbFilename == "" {
		line("Temporal Persistence", "in memory, lost when the process ends")
	} else {
		line("Temporal Persistence", opts.dbFilename)
	}
	if opts.httpPort != 0 {
		line("Temporal HTTP", address(opts.ip, opts.httpPort))
	}
	if !opts.headless {
		line("Temporal UI", "http://"+address(opts.uiIP, opts.uiPort)+opts.uiPublicPath)
	}
	if opts.metricsPort != 0 {
		line("Temporal Metrics", "http://"+address(opts.ip, opts.metricsPort)+metricsPath)
	}
}

// oneLine joins the lines of an error: the server's own come as a page of
// dependency injection, and whoever started us shows a line.
func oneLine(err error) string {
	return strings.Join(strings.Fields(err.Error()), " ")
}
