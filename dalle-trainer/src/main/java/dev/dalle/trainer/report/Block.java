package dev.dalle.trainer.report;

/** A part of a section. */
public sealed interface Block permits Chart, CodeUse, DrawnGrid, HeatMap, MetricTable, PictureRows {}
