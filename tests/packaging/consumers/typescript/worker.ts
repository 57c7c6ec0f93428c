/** A worker of the application's own. */
import "headstart/slim-worker";
