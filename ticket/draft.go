package ticket

import "time"

// Draft is what an agent has begun to write to a ticket. Nobody but he, or a command that carries the text, changes it.
type Draft struct {
	ID        string
	Agent     string // key
	AgentName string
	Number    Number
	Kind      Kind // the command that it is to become
	Why       DraftWhy
	// Kept: it stands beside the one of its kind that is being written.
	Kept         bool
	Shared       bool           // others of the desk may read it
	Message      NewMessage     // body, format, recipients, template, files
	Params       map[string]any // the rest of the command, as the API writes it
	SeenRevision int64
	CreatedAt    time.Time
	UpdatedAt    time.Time
}

// DraftWhy is how a draft came to be.
type DraftWhy string

// How drafts come to be.
const (
	DraftWritten   DraftWhy = "written"
	DraftRefused   DraftWhy = "refused"   // the text of a command that was refused
	DraftWithdrawn DraftWhy = "withdrawn" // a message that was taken back before it left
)

// DraftKinds lists the commands whose texts are kept as drafts.
func DraftKinds() []Kind { return []Kind{AgentResponse, ClientReply, Hold, Resolve, Note, Escalate} }
