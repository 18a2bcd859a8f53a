"""The fault table: each of its 57 rows, and the tests that fail without the protection.

A row reads: the fault, then where it is tested. The tests themselves stand beside the rooms they test. That each of them
exists is tested here; that it runs is the business of the run it belongs to (quick, slow or browser).
"""

import ast
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parent

# ---- data and files ------------------------------------------------------------------------------------------------
ROWS = {
    1: ("a mirror answers 403, 404 or 503",
        "test_faults_download.py::test_rows_01_02_03_04_13_a_bad_mirror_gives_way_to_the_next",
        "test_faults_download.py::test_rows_01_02_03_04_13_no_mirror_is_left"),
    2: ("a web page comes in place of the data",
        "test_faults_download.py::test_rows_01_02_03_04_13_a_bad_mirror_gives_way_to_the_next",
        "test_faults_download.py::test_rows_01_02_03_04_13_no_mirror_is_left"),
    3: ("less comes than was announced",
        "test_faults_download.py::test_rows_01_02_03_04_13_a_bad_mirror_gives_way_to_the_next",
        "test_faults_download.py::test_rows_01_02_03_04_13_no_mirror_is_left"),
    4: ("the connection is reset",
        "test_faults_download.py::test_rows_01_02_03_04_13_a_bad_mirror_gives_way_to_the_next",
        "test_faults_download.py::test_row_04_a_reset_is_named"),
    5: ("the server accepts and says nothing",
        "test_faults_download.py::test_row_05_a_silent_server_is_left_after_the_time_out",
        "test_faults_download.py::test_row_05_the_default_time_out_is_15_s"),
    6: ("no network at all",
        "test_faults_download.py::test_row_06_no_network",
        "test_faults_download.py::test_row_06_no_test_reaches_the_network",
        "test_faults_download.py::test_row_06_auto_falls_back_to_the_digits_and_says_so"),
    7: ("the stop button in mid-download",
        "test_faults_download.py::test_row_07_a_stop_in_mid_transfer_leaves_nothing",
        "test_faults_download.py::test_row_07_leftovers_of_a_killed_process_are_swept_but_not_those_of_a_live_one"),
    8: ("a file in the cache is cut off or empty", "test_faults_data.py::test_row_08_a_cut_file"),
    9: ("one flipped byte in the cache, or in what is shipped",
        "test_faults_data.py::test_row_09_a_flipped_byte_anywhere",
        "test_faults_data.py::test_row_09_a_flipped_byte_in_the_real_mnist",
        "test_pretrained.py::test_a_damaged_or_missing_file_is_refused"),
    10: ("labels that do not fit the images", "test_faults_data.py::test_row_10_labels_that_do_not_fit"),
    11: ("the wrong kind of file",
         "test_faults_data.py::test_row_11_the_wrong_kind_of_file_is_named",
         "test_faults_data.py::test_row_11_another_set_in_the_mnist_folder"),
    12: ("two kernels fetch at once",
         "test_faults_download.py::test_row_12_two_processes_fetch_at_once",
         "test_faults_download.py::test_row_12_a_file_is_exchanged_as_a_whole_and_never_rewritten"),
    13: ("a redirect to plain http",
         "test_faults_download.py::test_row_13_plain_http_is_refused",
         "test_faults_download.py::test_row_13_no_redirect_leaves_https",
         "test_faults_download.py::test_row_13_every_pinned_mirror_is_https_and_every_file_has_a_hash"),
    14: ("names with ../ in an archive, a gzip bomb",
         "test_faults_download.py::test_row_14_names_inside_an_archive_are_never_used",
         "test_faults_download.py::test_row_14_a_gzip_bomb_is_not_unpacked"),
    15: ("a folder that cannot be written, a full disk",
         "test_faults_download.py::test_row_15_the_folder_is_a_file",
         "test_faults_download.py::test_row_15_a_full_disk"),

    # ---- arguments and shapes --------------------------------------------------------------------------------------
    16: ("k = 0, k = 1.5, batch_size = 0, lr = nan, steps = True",
         "test_training.py::test_wrong_arguments_are_named_before_anything_moves",
         "test_networks.py::test_wrong_arguments_are_named",
         "test_errors.py::test_everything_else_is_refused_with_name_bound_and_value"),
    17: ("images in [0, 1] or 0 to 255",
         "test_faults_data.py::test_row_17_images_out_of_range", "test_training.py::test_the_first_batch_is_checked"),
    18: ("images of the wrong shape or type",
         "test_faults_data.py::test_row_18_images_of_the_wrong_shape_or_type",
         "test_training.py::test_the_first_batch_is_checked"),
    19: ("logits (n,) against (n, 1)", "test_objectives.py::test_logits_of_two_shapes_are_refused_not_broadcast"),
    20: ("a discriminator that ends in a sigmoid",
         "test_games.py::test_a_judge_that_ends_in_a_sigmoid_is_refused",
         "test_games.py::test_hidden_probabilities_are_warned_of_and_honest_logits_are_not"),
    21: ("a batch of one with BatchNorm",
         "test_faults_data.py::test_row_21_the_last_short_batch_is_dropped",
         "test_networks.py::test_one_image_works_in_eval_mode_where_batch_norm_would_refuse"),
    22: ("real and generated batches of two sizes",
         "test_objectives.py::test_values_equal_the_plain_formulas_on_unequal_batches"),

    # ---- numbers ---------------------------------------------------------------------------------------------------
    23: ("a saturated discriminator", "test_objectives.py::test_values_and_gradients_stay_finite_and_right_far_out"),
    24: ("NaN or infinity in mid-training",
         "test_training.py::test_a_nan_leaves_the_game_as_after_the_last_good_step",
         "test_cli.py::test_divergence_ends_in_one_message_and_a_checkpoint"),
    25: ("a preview changes the model", "test_training.py::test_previews_change_no_bit"),
    26: ("modes that do not come back",
         "test_networks.py::test_eval_mode_restores_each_submodule_also_after_an_error",
         "test_games.py::test_sample_restores_modes_prefers_the_average_and_repeats",
         "test_training.py::test_modes_come_back_as_they_were"),
    27: ("Fréchet distance of too few, collapsed, identical or broken sets",
         "test_metrics_features.py::test_frechet_of_identical_and_of_collapsed_features",
         "test_metrics_features.py::test_frechet_says_when_there_are_fewer_rows_than_features",
         "test_metrics_features.py::test_measures_of_features_name_what_is_wrong"),
    28: ("Parzen with sigma <= 0, without samples, underflowing, out of memory",
         "test_metrics.py::test_parzen_names_what_is_wrong",
         "test_metrics.py::test_parzen_equals_a_double_loop",
         "test_metrics.py::test_chunks_do_not_change_the_score",
         "test_evaluation.py::test_ten_thousand_samples_in_a_minute_and_two_gigabytes"),
    29: ("mode counts by a classifier that cannot read",
         "test_metrics_features.py::test_a_classifier_that_knows_nothing_finds_no_class",
         "test_evaluation.py::test_a_classifier_that_cannot_read_measures_nothing"),

    # ---- interruption, checkpoints, resume ---------------------------------------------------------------------------
    30: ("Ctrl-C or the stop button while training",
         "test_training.py::test_interrupts_in_the_middle_of_a_step_cost_nothing",
         "test_training.py::test_ctrl_c_ends_between_two_steps_and_a_second_one_at_once",
         "test_training.py::test_the_handler_for_ctrl_c_comes_back",
         "test_training.py::test_the_stop_button_is_meant_for_the_whole_cell",
         "test_stop_button.py::test_every_training_cell_stops_and_runs_again",
         "browser/test_game_explorer.py::test_it_plays_in_jupyterlab_and_stops_by_pause_rerun_and_interrupt"),
    31: ("a second Ctrl-C", "test_training.py::test_ctrl_c_ends_between_two_steps_and_a_second_one_at_once"),
    32: ("killed while saving",
         "test_checkpoints.py::test_kills_while_saving_leave_a_readable_file",
         "test_files.py::test_only_old_strays_of_this_name_are_swept"),
    33: ("a full disk while saving",
         "test_checkpoints.py::test_a_full_disk_keeps_the_old_file",
         "test_checkpoints.py::test_a_folder_that_cannot_be_written_keeps_the_old_file"),
    34: ("a checkpoint cut, flipped, empty, or no checkpoint",
         "test_checkpoints.py::test_every_bit_flip_and_truncation_is_refused_and_touches_nothing",
         "test_checkpoints.py::test_a_wrong_file_is_called_what_it_looks_like"),
    35: ("a checkpoint of another model or run",
         "test_checkpoints.py::test_another_width_is_listed_and_nothing_is_touched",
         "test_checkpoints.py::test_settings_are_compared_when_asked",
         "test_training.py::test_a_file_of_another_run_is_refused_and_nothing_is_touched"),
    36: ("a pickle",
         "test_checkpoints.py::test_a_pickle_is_refused_and_never_run",
         "test_architecture.py::test_nothing_that_runs_data_as_code_or_starts_workers"),
    37: ("a resumed run that is not the same run",
         "test_training.py::test_resume_in_a_new_process_is_the_same_run",
         "test_training.py::test_another_torch_is_named_when_a_run_goes_on",
         "test_games_families.py::test_steps_are_counted_and_a_resumed_run_is_the_longer_run"),
    38: ("a training cell run twice", "test_training.py::test_a_cell_run_twice"),
    39: ("a GPU that is not there",
         "test_cli.py::test_cuda_that_is_not_there_is_refused", "test_doctor.py::test_device"),
    40: ("out of memory", "test_training.py::test_out_of_memory_names_a_smaller_batch"),
    41: ("a kept state that changes with the game", "test_training.py::test_what_is_kept_in_memory_is_a_copy"),
    42: ("a lost session", "test_training.py::test_a_long_run_is_saved_now_and_then"),

    # ---- notebook, widgets, front end --------------------------------------------------------------------------------
    43: ("no widget manager in the page",
         "test_widgets.py::test_notebook_without_a_widget_manager_shows_the_picture",
         "test_widgets.py::test_mimebundle_carries_a_picture_and_its_words"),
    44: ("ipywidgets missing or old",
         "test_widgets.py::test_package_imports_without_widgets_and_says_what_to_install",
         "test_widgets.py::test_old_ipywidgets_is_named"),
    45: ("a callback raises",
         "test_widgets.py::test_callback_error_is_shown_and_the_next_success_clears_it",
         "test_widgets.py::test_callback_error_is_raised_in_tests_too"),
    46: ("an error hidden in an Output widget",
         "test_build.py::test_what_stops_a_notebook_is_named_with_its_cell",
         "test_build.py::test_an_error_trait_of_an_explorer_counts_as_hidden_error"),
    47: ("callbacks and training in other threads",
         "test_plots.py::test_two_threads_draw_at_once",
         "test_training.py::test_training_works_in_another_thread"),
    48: ("sliders faster than the picture",
         "test_widgets_net.py::test_hundred_moves_in_a_frame_draw_twice_and_end_on_the_newest",
         "test_widget_game.py::test_the_newest_picture_wins_and_a_page_that_does_not_answer_is_not_flooded",
         "browser/test_every_explorer.py::test_two_hundred_quick_moves_end_at_the_last_one"),
    49: ("widget state or scripts in a committed notebook",
         "test_notebooks.py::test_notebook_follows", "test_build.py::test_the_rules_see"),
    50: ("a notebook that is only read",
         "test_widgets.py::test_notebook_without_a_widget_manager_shows_the_picture",
         "browser/test_web_edition.py::test_without_scripts_the_pictures_stand"),
    51: ("cells out of order",
         "test_course.py::test_the_word_stands_below_the_error_in_the_shell",
         "test_course.py::test_every_name_of_every_notebook_is_made_before_it_is_used"),
    52: ("many figures, live plots", "test_plots.py::test_a_hundred_redraws_leave_no_figure_and_no_warning"),
    53: ("an exercise empty, wrong, or right by another route",
         "test_checks.py::test_every_wrong_answer_gets_one_friendly_line",
         "test_checks.py::test_every_right_answer_passes_by_any_route"),

    # ---- environment ------------------------------------------------------------------------------------------------
    54: ("versions that do not fit",
         "test_doctor.py::test_an_old_or_missing_package_is_named_with_its_command",
         "test_doctor.py::test_numpy_and_torch_of_different_builds",
         "test_doctor.py::test_openmp_runtimes",
         "test_doctor.py::test_nothing_suggests_to_silence_the_openmp_clash"),
    55: ("worker processes", "test_faults_data.py::test_row_55_the_package_starts_no_worker_process"),
    56: ("a notebook that hangs, dies or raises", "test_build.py::test_what_stops_a_notebook_is_named_with_its_cell"),
    57: ("wrong use of the command",
         "test_cli.py::test_wrong_use_is_exit_code_2_with_a_suggestion",
         "test_cli.py::test_what_is_there_is_not_overwritten",
         "test_cli.py::test_a_closed_pipe_is_no_traceback",
         "test_cli.py::test_ctrl_c_stops_between_steps_saves_and_can_go_on"),
}


@cache
def names_of(file: str) -> frozenset[str]:
    tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"))


def test_every_row_is_there():
    assert list(ROWS) == list(range(1, 58))


@pytest.mark.parametrize("row", ROWS)
def test_the_names_of_a_row_exist(row):
    fault, *tests = ROWS[row]
    assert fault and tests
    for test in tests:
        file, name = test.split("::")
        assert name in names_of(file), f"row {row}: there is no {test}"
