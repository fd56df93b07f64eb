package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"duradesk/ticket"
)

// Deployment is a build among those of one desk, as Temporal's worker versioning has it: of a deployment's versions one is
// current, and every workflow, open or new, goes on with that one (AutoUpgrade). Tickets live for months: pinned to the
// build that opened them they would keep each build alive for as long.
type Deployment struct{ Name, Build string }

func (d Deployment) options() worker.DeploymentOptions {
	if d.Name == "" {
		return worker.DeploymentOptions{}
	}
	return worker.DeploymentOptions{
		UseVersioning: true, Version: worker.WorkerDeploymentVersion{DeploymentName: d.Name, BuildID: d.Build}, DefaultVersioningBehavior: workflow.VersioningBehaviorAutoUpgrade,
	}
}

// Promote makes a build the current one of its deployment, and returns once every task queue goes by that; with the empty
// build workers without a version go on. A build is known once its workers poll both task queues, and Temporal tells that
// with a delay: until wait is over it is tried again.
func Promote(ctx context.Context, c client.Client, namespace string, d Deployment, wait time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	deployment := c.WorkerDeploymentClient().GetHandle(d.Name)
	for {
		_, err := deployment.SetCurrentVersion(ctx, client.WorkerDeploymentSetCurrentVersionOptions{BuildID: d.Build})
		if err == nil {
			err = arrived(ctx, c, namespace, d)
		}
		if err == nil {
			return nil
		}
		if !mayCome(err) {
			return fmt.Errorf("make build %q the current one of deployment %s: %w", d.Build, d.Name, err)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("make build %q the current one of deployment %s: do its workers run? %w", d.Build, d.Name, err)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

var errUnderWay = errors.New("not every task queue knows it yet")

// arrived tells whether all task queues know which version is current; servers that do not say so tell them at once. A
// busy server may lose the news that it has told them, and go on to say that it is under way (seen with 1.32): then the
// queues themselves are asked.
func arrived(ctx context.Context, c client.Client, namespace string, d Deployment) error {
	is, err := c.WorkflowService().DescribeWorkerDeployment(ctx, &workflowservice.DescribeWorkerDeploymentRequest{Namespace: namespace, DeploymentName: d.Name})
	if err != nil || is.GetWorkerDeploymentInfo().GetRoutingConfigUpdateState() != enumspb.ROUTING_CONFIG_UPDATE_STATE_IN_PROGRESS {
		return err
	}
	for _, queue := range ticket.Queues() {
		for _, kind := range []enumspb.TaskQueueType{enumspb.TASK_QUEUE_TYPE_WORKFLOW, enumspb.TASK_QUEUE_TYPE_ACTIVITY} {
			q, err := c.WorkflowService().DescribeTaskQueue(ctx, &workflowservice.DescribeTaskQueueRequest{
				Namespace: namespace, TaskQueue: &taskqueuepb.TaskQueue{Name: queue}, TaskQueueType: kind,
			})
			if err != nil {
				return err
			}
			if q.GetVersioningInfo().GetCurrentDeploymentVersion().GetBuildId() != d.Build {
				return fmt.Errorf("%w: %s", errUnderWay, queue)
			}
		}
	}
	return nil
}

// mayCome tells whether waiting may mend it: a build that has not been seen yet, a server that is busy or breaks a call
// off while its caller still waits.
func mayCome(err error) bool {
	var (
		broken  *serviceerror.Canceled
		slow    *serviceerror.DeadlineExceeded
		unknown *serviceerror.NotFound
		not     *serviceerror.FailedPrecondition
		away    *serviceerror.Unavailable
		full    *serviceerror.ResourceExhausted
	)
	return errors.Is(err, errUnderWay) || errors.As(err, &unknown) || errors.As(err, &not) || errors.As(err, &away) || errors.As(err, &full) ||
		errors.As(err, &broken) || errors.As(err, &slow)
}
