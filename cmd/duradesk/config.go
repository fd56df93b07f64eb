package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"
	sdklog "go.temporal.io/sdk/log"

	"duradesk/mail"
	"duradesk/objects"
	"duradesk/postgres"
	"duradesk/ticket"
)

// settings are what both production processes read from the environment. `duradesk config` lists them.
type settings struct {
	DatabaseURL   string             `name:"database-url" env:"DURADESK_DATABASE_URL" required:"" help:"Postgres, as postgres://user:password@host:5432/database."`
	SecretKey     string             `name:"secret-key" env:"DURADESK_SECRET_KEY" required:"" help:"At least 32 characters; signs mail and seals the passwords of mailboxes. The same for every process; duradesk rekey changes it."`
	FormerKeys    []string           `name:"secret-key-old" env:"DURADESK_SECRET_KEY_OLD" help:"Former secret keys, separated by commas: what they sealed still opens, mail that answers theirs still finds its ticket. See duradesk rekey."`
	BaseURL       string             `name:"base-url" env:"DURADESK_BASE_URL" default:"http://127.0.0.1:8080" help:"Under which people reach the desk."`
	TemporalUIURL string             `name:"temporal-ui-url" env:"DURADESK_TEMPORAL_UI_URL" help:"Temporal's Web UI, for links from a ticket to its history."`
	Retention     time.Duration      `name:"retention" env:"DURADESK_RETENTION" default:"720h" help:"How long closed histories are kept in Temporal, at least."`
	Connections   int32              `name:"connections" env:"DURADESK_DATABASE_CONNECTIONS" default:"24" help:"Database connections of one process."`
	ContinueAfter int                `name:"continue-after" env:"DURADESK_CONTINUE_AFTER" default:"1000" help:"History events after which a ticket's workflow continues as new."`
	Rehearse      int                `name:"rehearse" env:"DURADESK_REHEARSE" default:"0" help:"How many open workflows of each type and ticket state a worker replays before it starts; it refuses to start if one would not go on. 0: none."`
	Deployment    string             `name:"deployment" env:"DURADESK_DEPLOYMENT" help:"Name of the deployment whose version, by its build, a worker is in Temporal (worker versioning, AutoUpgrade): it works once duradesk promote has made its build the current one. Empty: no versions, each worker takes whatever there is to do."`
	WebhookHosts  []string           `name:"webhook-hosts" env:"DURADESK_WEBHOOK_HOSTS" help:"Hosts, or host:port, separated by commas, that webhooks and channels may call though they lie inside: an intranet's, or a test's. All others must be public addresses."`
	SMTPAnswer    time.Duration      `name:"smtp-answer" env:"DURADESK_SMTP_ANSWER" default:"2m" help:"How long a mail server may take to say that it has a mail; then nobody knows, and the mail is called uncertain."`
	Attachments   attachmentSettings `embed:""`
	LogLevel      slog.Level         `name:"log-level" env:"DURADESK_LOG_LEVEL" default:"info" help:"debug, info, warn or error."`

	notices *postgres.Notices `kong:"-"` // shared by the two halves of one process
}

func (s settings) logger(part string) *slog.Logger {
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: s.LogLevel})).With("part", part)
}

// desk is what a process works with: the record, the queue, the keys.
type desk struct {
	settings
	bucket *objects.Bucket // of attachments; nil: the database keeps them
	log    *slog.Logger
	sealer *postgres.Sealer
	store  *postgres.Store
	queue  *postgres.Queue
	keys   mail.Keys
}

// open connects to the record. wait is how long it tries; postgres.Lazily lets the process start without it.
func (s settings) open(ctx context.Context, part string, wait time.Duration) (*desk, error) {
	log := s.logger(part)
	sealer, err := postgres.NewSealer(s.SecretKey, s.FormerKeys...)
	if err != nil {
		return nil, fmt.Errorf("DURADESK_SECRET_KEY, DURADESK_SECRET_KEY_OLD: %w", err)
	}
	var keys mail.Keys
	for _, secret := range sealer.Keys("mail") {
		keys = append(keys, mail.KeyFromSecret(secret))
	}
	bucket, err := s.Attachments.open()
	if err != nil {
		return nil, err
	}
	config := postgres.Config{URL: s.DatabaseURL, MaxConns: s.Connections, AppName: "duradesk-" + part, Wait: wait, Sealer: sealer, Log: log, Notices: s.notices}
	if bucket != nil {
		config.Objects = bucket
	}
	store, err := postgres.Open(ctx, config)
	if err != nil {
		return nil, err
	}
	queue := postgres.NewQueue(store, postgres.QueueConfig{Mint: mint{keys}, Crash: crashPoint})
	return &desk{settings: s, bucket: bucket, log: log, sealer: sealer, store: store, queue: queue, keys: keys}, nil
}

// mint makes Message-IDs that prove, when they come back, that the writer saw our mail.
type mint struct{ keys mail.Keys }

func (m mint) MessageID(occasion, delivery, domain string) string {
	kind := mail.KindReply
	switch {
	case occasion == ticket.OccasionNotice:
		kind = mail.KindAgent
	case ticket.Automatic(occasion):
		kind = mail.KindAck
	}
	return strings.Trim(m.keys.MessageID(kind, delivery, domain), "<>")
}

// temporalOptions reads the ecosystem's own variables (TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_API_KEY,
// TEMPORAL_TLS_*, profile files).
func temporalOptions(log *slog.Logger) (client.Options, error) {
	options, err := envconfig.LoadDefaultClientOptions()
	if err != nil {
		return options, fmt.Errorf("the settings of Temporal cannot be used (TEMPORAL_…): %w", err)
	}
	if options.HostPort == "" {
		options.HostPort = client.DefaultHostPort
	}
	if options.Namespace == "" {
		options.Namespace = client.DefaultNamespace
	}
	options.Identity = workerName()
	// What we send is small, and a compressor costs more than it saves: a tenth of a worker's processor time, and almost a
	// megabyte of memory for each call in flight.
	options.ConnectionOptions.GrpcCompression = &client.GrpcCompressionNone{}
	options.Logger = sdklog.NewStructuredLogger(log)
	return options, nil
}

// temporalWhenThere is a client that connects when it is first used: for what can do a part of its work without.
func temporalWhenThere(log *slog.Logger) (client.Client, client.Options, error) {
	options, err := temporalOptions(log)
	if err != nil {
		return nil, options, err
	}
	c, err := client.NewLazyClient(options)
	if err != nil {
		return nil, options, fmt.Errorf("the settings of Temporal cannot be used: %w", err)
	}
	return c, options, nil
}
