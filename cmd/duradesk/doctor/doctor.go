package doctor

import (
	"context"
	"strconv"
	"time"

	"go.temporal.io/sdk/client"

	"duradesk/postgres"
	"duradesk/ticket"
)

// Level says how bad a finding is.
type Level string

// The levels. An error is what stops the desk, or will; a warning is what somebody should look at.
const (
	OK      Level = "ok"
	Warning Level = "warning"
	Error   Level = "error"
)

// Finding is the outcome of one check. Code names its texts in the catalog; Args fill them.
type Finding struct {
	Check string            `json:"check"`
	Level Level             `json:"level"`
	Code  string            `json:"code"`
	Args  map[string]string `json:"args,omitempty"`
	Text  string            `json:"text"`
	Todo  string            `json:"todo,omitempty"`
}

// Desk is what the doctor looks at, and by what measure.
type Desk struct {
	Store     *postgres.Store
	Temporal  client.Client
	Namespace string
	// Reconcile compares a mailbox with its ledger; nil: that is not looked at.
	Reconcile func(ctx context.Context, mailbox string) (ticket.Reconciled, error)
	Outside   bool // a store outside the database is set up for attachments
	// Objects tries that store; nil: that is not looked at.
	Objects func(ctx context.Context) error
	Now     func() time.Time
	Build   string // of this program, as workers tell it (Identity)
	// Deployment is the name of the workers' deployment; empty: they have no versions.
	Deployment string
	Retention  time.Duration // that the namespace must have, at least
	Disks      []string      // folders whose disks are looked at, beside that of a Postgres on this machine
	DiskFree   uint64        // bytes that must be free on each
	Language   string        // en, ja
}

// Bounds beyond which something is wrong.
const (
	maxSkew      = 2 * time.Second
	unappliedFor = 5 * time.Minute // HOUSE, "When things fail"
	lateTimers   = 30 * time.Second
	mailboxLag   = 5 * time.Minute
	patience     = 10 * time.Second // of one look at Temporal or a mailbox
)

// Examine makes every check. Where the database or Temporal is away, what needs it is not looked at.
func (d *Desk) Examine(ctx context.Context) []Finding {
	x := &examination{Desk: d}
	if x.database(ctx) {
		x.record(ctx)
		x.files(ctx)
	}
	if x.temporal(ctx) {
		x.namespace(ctx)
		x.queues(ctx)
	}
	x.disks()
	return x.findings
}

// Worst is the level of the worst finding.
func Worst(list []Finding) Level {
	worst := OK
	for _, f := range list {
		if f.Level == Error || f.Level == Warning && worst == OK {
			worst = f.Level
		}
	}
	return worst
}

type examination struct {
	*Desk
	dataDir  string
	skew     time.Duration // what the database's clock is ahead of ours; Temporal's agrees with it, or nothing does
	findings []Finding
}

// say notes a finding. args come in pairs.
func (x *examination) say(check string, level Level, code string, args ...string) {
	f := Finding{Check: check, Level: level, Code: code, Args: map[string]string{}}
	for i := 0; i+1 < len(args); i += 2 {
		f.Args[args[i]] = args[i+1]
	}
	f.Text, f.Todo = words(x.Language, code, f.Args)
	x.findings = append(x.findings, f)
}

func span(d time.Duration) string {
	if d >= time.Minute {
		return d.Round(time.Second).String()
	}
	return d.Round(time.Millisecond).String()
}

func count(n int) string { return strconv.Itoa(n) }
