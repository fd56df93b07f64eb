package main

import (
	"context"
	"fmt"
	"os"
)

// devserverCommand finds the Temporal server that up would run, building it when it is not there, and prints its path:
// so `make test` and up share one binary.
type devserverCommand struct{}

// Run tells how the build gets on on stderr; stdout has the path alone.
func (devserverCommand) Run(ctx context.Context) error {
	binary, err := findTemporal(ctx, newPrinter(os.Stderr))
	if err != nil {
		return err
	}
	if _, err := fmt.Println(binary.path); err != nil {
		return fmt.Errorf("print the path of the Temporal server: %w", err)
	}
	return nil
}
