/** Configuration records as JSON: presets, partial files laid over a preset, and errors that name key, path and file. */
package dev.dalle.trainer.config;
