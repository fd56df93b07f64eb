package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"duradesk/postgres"
)

// rekeyCommand is the second half of changing the secret key. The first is that every process knows both keys.
type rekeyCommand struct {
	settings
}

// Run seals anew. It may be broken off, repeated, and run while the desk works.
func (c *rekeyCommand) Run(ctx context.Context) error {
	d, err := c.open(ctx, "rekey", 10*time.Second)
	if err != nil {
		return err
	}
	defer d.store.Close()
	if err := d.store.CheckSchema(ctx); err != nil {
		return err
	}
	done, err := d.store.Reseal(ctx)
	if err != nil {
		return fmt.Errorf("%w (%d secrets were sealed; run it again)", err, done.Done)
	}
	return tellResealed(os.Stdout, done)
}

func tellResealed(out io.Writer, done postgres.Resealed) error {
	fmt.Fprintf(out, "%d secrets were sealed with the secret key\n", done.Done)
	for _, what := range done.Shut {
		fmt.Fprintf(out, "no key opens %s: enter it again\n", what)
	}
	if len(done.Shut) > 0 {
		return fmt.Errorf("%d secrets were sealed with a key that is not known: name it in DURADESK_SECRET_KEY_OLD and run rekey again, or enter them again", len(done.Shut))
	}
	fmt.Fprintln(out, "Nothing in the database needs a former key. Keep it in DURADESK_SECRET_KEY_OLD while clients may answer mail that was signed with it.")
	return nil
}
