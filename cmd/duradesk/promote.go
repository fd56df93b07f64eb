package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"duradesk/worker"
)

// promoteCommand is the step between two builds where workers have versions: nothing goes on with a new one before.
type promoteCommand struct {
	Deployment string        `name:"deployment" env:"DURADESK_DEPLOYMENT" required:"" help:"Name of the workers' deployment."`
	Build      string        `help:"This build in place of that of the program: a former one, to go back to it." placeholder:"BUILD" xor:"which"`
	None       bool          `help:"Workers without a version go on with everything: the way out of versions." xor:"which"`
	Wait       time.Duration `help:"For how long workers of that build are waited for." default:"1m"`
}

// Run changes one thing in Temporal. It may be repeated.
func (c *promoteCommand) Run(ctx context.Context) error {
	to := c.Build
	if to == "" && !c.None {
		to = build()
	}
	options, err := temporalOptions(settings{}.logger("promote"))
	if err != nil {
		return err
	}
	bounded, cancel := context.WithTimeout(ctx, waitTemporal)
	defer cancel()
	temporal, err := dial(bounded, options)
	if err != nil {
		return err
	}
	defer temporal.Close()
	if err := worker.Promote(ctx, temporal, options.Namespace, worker.Deployment{Name: c.Deployment, Build: to}, c.Wait); err != nil {
		return err
	}
	if c.None {
		to = "no version"
	}
	fmt.Fprintf(os.Stdout, "%s: open workflows go on with %s\n", c.Deployment, to)
	return nil
}
