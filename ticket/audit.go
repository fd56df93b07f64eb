package ticket

import "time"

// AuditEntry is one line of the audit log: who did what to whom, from where. Lines are never changed.
type AuditEntry struct {
	ID      int64 // 0 until it is written
	At      time.Time
	Actor   string // agent:sato, client:c_…, system, or nobody
	Action  string
	Subject string
	Address string
	Detail  map[string]any // never texts of tickets, never secrets
}

// AuditQuery narrows the audit log; what is empty does not.
type AuditQuery struct {
	Actor, Action, Subject string
	Before                 int64 // lines with a smaller id; 0: from the newest
	Limit                  int
}

// Noting is the key under which a context carries the *AuditEntry of what is being done. The first change that the record
// makes on its behalf writes the line in the same transaction, so that there is never one without the other, and gives
// the entry its ID.
type Noting struct{}
