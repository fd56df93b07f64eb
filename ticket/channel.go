package ticket

import "time"

// ChannelTarget is where a message leaves to that is told a program instead of mailed to an address.
type ChannelTarget struct {
	Key      string
	URL      string
	Secrets  []Secret // all that live: each request is signed with each
	Removed  bool     // nobody is there any more
	Off      bool     // switched off: it waits
	Doubtful bool     // an earlier attempt left and nobody answered
}

// ChannelMessage is what a channel is told: a message of the desk for whoever is in the conversation.
type ChannelMessage struct {
	Channel      string
	Conversation string
	Person       string // the program's own id
	Message      string // id in the ticket's timeline; "" where no person wrote it
}

// Inbound is a message that a channel brings.
type Inbound struct {
	Channel      string // id
	Conversation string // the program's own id
	ID           string // the program's own id of the message
	Fingerprint  string // of the request: the same id with another one is a Conflict
	Person       string // the program's own id of who wrote
	Claims       Claims
	Order        Order // opens a ticket where the conversation has none
}

// Claims are what a channel says of a person without proof: never anything to find a client by.
type Claims struct{ Email, Phone string }

// TakenIn is where an inbound message went.
type TakenIn struct {
	Number   Number
	Ring     Ring
	Kind     Kind
	At       time.Time
	Waiting  int64 // commands of its ticket that are not applied yet
	Repeated bool
}

// Conversation is where a ticket is answered outside mail.
type Conversation struct {
	Channel string // key
	ID      string // the program's own
}
