package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"duradesk/objects"
	"duradesk/postgres"
)

// attachmentSettings say where the files of messages, drafts and uploads lie.
type attachmentSettings struct {
	Endpoint string `name:"attachments-endpoint" env:"DURADESK_ATTACHMENTS_ENDPOINT" help:"S3-compatible store for attachments, as https://host. Without it the database keeps them."`
	Bucket   string `name:"attachments-bucket" env:"DURADESK_ATTACHMENTS_BUCKET" help:"Bucket of that store; it must exist."`
	Region   string `name:"attachments-region" env:"DURADESK_ATTACHMENTS_REGION" help:"Its region, where the store asks for one."`
	Prefix   string `name:"attachments-prefix" env:"DURADESK_ATTACHMENTS_PREFIX" help:"Before the key of every object, where others use the bucket too."`
	Access   string `name:"attachments-access-key" env:"DURADESK_ATTACHMENTS_ACCESS_KEY" help:"Access key; without one, what AWS's own variables, files and roles give."`
	Secret   string `name:"attachments-secret-key" env:"DURADESK_ATTACHMENTS_SECRET_KEY" help:"Its secret."`
}

// open returns the outside store; nil where none is set up.
func (s attachmentSettings) open() (*objects.Bucket, error) {
	if s.Endpoint == "" {
		return nil, nil
	}
	bucket, err := objects.Open(objects.Config{Endpoint: s.Endpoint, Bucket: s.Bucket, Region: s.Region, Prefix: s.Prefix, Access: s.Access, Secret: s.Secret})
	if err != nil {
		return nil, fmt.Errorf("DURADESK_ATTACHMENTS_…: %w", err)
	}
	return bucket, nil
}

// attachmentsCommand looks after the files of messages.
type attachmentsCommand struct {
	Move moveCommand `cmd:"" help:"Move attachments between the database and the store outside, while the desk runs. It may be stopped and called again."`
}

// moveCommand brings all files to one place.
type moveCommand struct {
	settings
	To string `required:"" enum:"store,database" help:"store: the one that DURADESK_ATTACHMENTS_ENDPOINT names; or database."`
}

// Run moves file by file and says how far it is.
func (c *moveCommand) Run(ctx context.Context) error {
	d, err := c.settings.open(ctx, "attachments", 10*time.Second)
	if err != nil {
		return err
	}
	defer d.store.Close()
	if err := d.store.CheckSchema(ctx); err != nil {
		return err
	}
	if c.Attachments.Endpoint == "" {
		return fmt.Errorf("DURADESK_ATTACHMENTS_ENDPOINT names no store: there is nowhere to move to, or from")
	}
	return move(ctx, d.store, c.To == "store")
}

func move(ctx context.Context, s *postgres.Store, outside bool) error {
	files, bytes, told := 0, int64(0), time.Now()
	err := s.MoveFiles(ctx, outside, func(n int) {
		files, bytes = files+1, bytes+int64(n)
		if time.Since(told) > 5*time.Second {
			told = time.Now()
			fmt.Fprintf(os.Stderr, "%d files, %d MB\n", files, bytes>>20)
		}
	})
	fmt.Fprintf(os.Stdout, "%d files moved, %d MB\n", files, bytes>>20)
	return err
}
