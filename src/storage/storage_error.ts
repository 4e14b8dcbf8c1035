import { StorageError } from "../errors.ts";
import { errnoOf, lacksPermission } from "./errno.ts";
import { messageOf } from "../text/message.ts";

/** Codes after which the same call may succeed later: once there is room, or what was busy is done. */
const RETRYABLE = new Set([
  "ENOSPC",
  "EDQUOT",
  "EMFILE",
  "ENFILE",
  "EAGAIN",
  "EINTR",
  "EBUSY",
  "ETXTBSY",
  "ENOLCK",
  "ENOMEM",
  "ENOBUFS",
  "ETIMEDOUT",
]);

const NOT_SUPPORTED = "the file system does not support this call; keep the store on another one";

/** What happened, and what to do. */
const REMEDIES: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full; make room and try again",
  EDQUOT: "the disk quota is used up; make room and try again",
  EFBIG: "the file is larger than the file system or the limit of the process (`ulimit -f`) allows",
  EACCES: "permission denied; check the owner and mode of the folder",
  EPERM: "operation not permitted; check the owner and mode of the folder",
  EROFS: "the file system is read-only; mount it for writing",
  EMFILE: "too many open files; raise `ulimit -n` or close some",
  ENFILE: "too many open files on this machine",
  ENOMEM: "the system is out of memory; end other programs, or give it more",
  ENOBUFS: "the system is out of buffers; try again",
  EINTR: "a signal interrupted the call; try again",
  EAGAIN: "the system cannot do it now; try again",
  ENOENT: "no such file",
  ENOTDIR: "a part of the path is not a folder",
  EISDIR: "it is a folder",
  ENAMETOOLONG: "the path is too long for the file system; use a shorter root path or name",
  ELOOP: "it is a symbolic link, and links are never followed",
  EXDEV:
    "the two places are on different file systems, or the folder came with a container's image; keep the whole store on one volume",
  EINVAL: NOT_SUPPORTED,
  ENOSYS: NOT_SUPPORTED,
  ENOTSUP: NOT_SUPPORTED,
  EOPNOTSUPP: NOT_SUPPORTED,
  EBUSY: "another program or a mount uses it; try again",
  ETXTBSY: "the file is a running program; try again when it has ended",
  EIO: "the disk reported an error",
  EREMOTEIO: "the disk reported an error",
  ENODEV: "the device is gone",
  ENXIO: "the device is gone",
  ESTALE: "the file server does not know the file any more; open the driver again",
  ENOLCK: "the file server has no locks left; check its lock service",
  ETIMEDOUT: "the file server did not answer in time",
  ENOTCONN: "the file server is not connected",
  EHOSTDOWN: "the file server is down",
};

/** Turns an error of the system into ours. */
export function storageError(verb: string, path: string, cause: unknown): StorageError {
  const errno = errnoOf(cause);
  return new StorageError(errno, `Cannot ${verb} "${path}": ${reasonOf(cause)}`, {
    cause,
    canRetry: RETRYABLE.has(errno),
  });
}

/** Why the system refused, for errors: `no such file (ENOENT)`. */
export function reasonOf(cause: unknown): string {
  const errno = errnoOf(cause);
  const why = lacksPermission(cause) ? cause.message : REMEDIES[errno] ?? messageOf(cause);
  return `${why} (${errno})`;
}
