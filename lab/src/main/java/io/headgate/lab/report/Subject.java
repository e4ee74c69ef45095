package io.headgate.lab.report;

import io.headgate.calibration.Calibration;
import io.headgate.clip.ClipModel;
import io.headgate.lab.evaluation.PictureSet;

/**
 * One model under one attack.
 *
 * @param name of the model
 * @param model open for the time of the report
 * @param calibration of it
 * @param clean pictures that were not calibrated on
 * @param triggered pictures with the trigger planted in it
 * @param target class that the backdoor leads to
 */
public record Subject(
    String name,
    ClipModel model,
    Calibration calibration,
    PictureSet clean,
    PictureSet triggered,
    String target) {}
