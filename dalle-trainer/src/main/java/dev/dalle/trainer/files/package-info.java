/** Writing files so that a crash, a kill or a full disk leaves either the old content or the new one, never a mixture. */
package dev.dalle.trainer.files;
