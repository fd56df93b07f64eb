package activities

// Names of the activities on the mail queue. They reached histories: never changed.
const (
	NameSend  = "Send"
	NameWatch = "Watch"
)
